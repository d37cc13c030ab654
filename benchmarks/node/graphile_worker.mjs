// graphile-worker: addJobs in one call; its documented settings for throughput: a local queue of 500 jobs and batches of
// completions. Pickup is measured without a local queue, which is its setting for latency. Finished jobs are deleted.

import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'

import { POOL, TEXT, handled, measure } from './workload.mjs'

const [url, jobs] = process.argv.slice(2)
const CONCURRENCY = 24
const logger = new Logger(() => () => {})
const pool = new pg.Pool({ connectionString: url, max: POOL })
pool.on('error', () => {})
pool.on('connect', client => client.on('error', () => {}))
const utils = await makeWorkerUtils({ pgPool: pool, logger })
await utils.migrate()

const taskList = {
  noop: async () => handled.noop(),
  pickup: async ({ askedAt }) => handled.pickup(askedAt)
}

await measure({
  async enqueueAll (count) {
    const specs = Array.from({ length: count }, (_, number) => ({ identifier: 'noop', payload: { number, text: TEXT } }))
    await utils.addJobs(specs)
  },
  enqueue: number => utils.addJob('noop', { number, text: TEXT }),
  enqueuePickup: askedAt => utils.addJob('pickup', { askedAt }),
  async work (slots) {
    const many = slots > CONCURRENCY
    const batched = { localQueue: { size: slots, refetchDelay: { durationMs: 10 } }, completeJobBatchDelay: 0 }
    const worker = { concurrentJobs: many ? CONCURRENCY : slots, logger, ...(many ? batched : {}) }
    const runner = await run({ pgPool: pool, taskList, noHandleSignals: true, preset: { worker } })
    return () => runner.stop()
  },
  async left () {
    const { rows } = await pool.query('SELECT count(*)::int AS count FROM graphile_worker._private_jobs')
    return rows[0].count
  }
}, Number(jobs))
await utils.release()
await pool.end()
