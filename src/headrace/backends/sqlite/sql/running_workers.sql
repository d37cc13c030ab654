-- :mono. The workers that hold jobs; whether any of their leases ran out.
SELECT worker, max(lease_until <= :mono) FROM headrace_jobs WHERE state = 'running' GROUP BY worker
