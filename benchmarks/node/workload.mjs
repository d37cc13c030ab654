// The workload of the peers on PostgreSQL, the same as benchmarks/cases/peer_workload.py: bulk enqueue, drain, single
// enqueues, pickup. A peer is {enqueueAll, enqueue, enqueuePickup, work, left}; its handlers call handled.noop() and
// handled.pickup(askedAt). Lines of JSON go to standard output: a mark where the drain begins and ends, so that whoever
// started this can read the server's CPU time, and the figures at the end.

import { setTimeout as sleep } from 'node:timers/promises'

export const TEXT = 'x'.repeat(64)
export const POOL = 20
const CALLERS = 50
const RATE = 200
const DRAIN_SLOTS = 500
const PICKUP_SLOTS = 10
const LOOK_EVERY_MS = 10

export const handled = {
  noops: 0,
  first: 0,
  waits: [],
  noop () {
    this.first ||= performance.now()
    this.noops += 1
  },
  pickup (askedAt) {
    this.waits.push(performance.now() - askedAt)
  }
}

export async function measure (peer, jobs) {
  const figures = { ...await drain(peer, jobs), ...await singles(peer, jobs) }
  const stop = await peer.work(DRAIN_SLOTS)
  await until(async () => await peer.left() === 0)
  await stop()
  say({ figures: { ...figures, ...await pickups(peer, Math.floor(jobs / 12)) } })
}

async function drain (peer, jobs) {
  let begun = performance.now()
  await peer.enqueueAll(jobs)
  const bulk = rate(jobs, begun)
  say({ mark: 'drain begins' })
  begun = performance.now()
  const cpu = process.cpuUsage()
  const stop = await peer.work(DRAIN_SLOTS)
  await until(async () => handled.noops >= jobs)
  await until(async () => await peer.left() === 0)
  const used = process.cpuUsage(cpu)
  const figures = {
    'bulk enqueue, jobs/s': bulk,
    'drain, jobs/s': rate(jobs, handled.first),
    'drain with the start of the worker, jobs/s': rate(jobs, begun),
    'client CPU, us/job': (used.user + used.system) / jobs
  }
  say({ mark: 'drain ends' })
  await stop()
  if (handled.noops !== jobs) throw new Error(`${handled.noops} of ${jobs} jobs ran`)
  return figures
}

async function singles (peer, jobs) {
  const waits = []
  const caller = async count => {
    for (let number = 0; number < count; number++) {
      const asked = performance.now()
      await peer.enqueue(number)
      waits.push(performance.now() - asked)
    }
  }
  const each = Math.max(1, Math.floor(jobs / 4 / CALLERS))
  await caller(20)
  waits.length = 0
  let begun = performance.now()
  await Promise.all(Array.from({ length: CALLERS }, () => caller(each)))
  const together = rate(each * CALLERS, begun)
  const p99 = percentile(waits, 0.99)
  waits.length = 0
  begun = performance.now()
  await caller(Math.floor(jobs / 20))
  return {
    '50 concurrent single enqueues, jobs/s': together,
    '50 concurrent single enqueues, p99 ms': p99,
    'single enqueue, one caller, jobs/s': rate(Math.floor(jobs / 20), begun),
    'single enqueue, one caller, p50 ms': percentile(waits, 0.5)
  }
}

async function pickups (peer, count) {
  const warm = Math.floor(count / 10)
  const stop = await peer.work(PICKUP_SLOTS)
  const begun = performance.now()
  for (let number = 0; number < warm + count; number++) {
    await sleep(Math.max(0, begun + number * 1000 / RATE - performance.now()))
    await peer.enqueuePickup(performance.now())
  }
  await until(async () => handled.waits.length >= warm + count)
  await stop()
  const waits = handled.waits.slice(warm)
  return {
    'pickup at 200/s in process, p50 ms': percentile(waits, 0.5),
    'pickup at 200/s in process, p99 ms': percentile(waits, 0.99)
  }
}

async function until (holds) {
  while (!await holds()) await sleep(LOOK_EVERY_MS)
}

function rate (count, begun) {
  return count / (performance.now() - begun) * 1000
}

function percentile (values, share) {
  const ordered = values.toSorted((one, other) => one - other)
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)]
}

function say (line) {
  process.stdout.write(JSON.stringify(line) + '\n')
}
