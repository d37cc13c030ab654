// pg-boss: insert in one call, handlers that are given up to 2,000 jobs at once, four of them, LISTEN on, its upkeep off.
// Completed jobs are kept.

import pg from 'pg'
import { PgBoss } from 'pg-boss'

import { POOL, TEXT, handled, measure } from './workload.mjs'

const [url, jobs] = process.argv.slice(2)
const MANY = { batchSize: 2000, localConcurrency: 4, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 }
const FEW = { batchSize: 10, localConcurrency: 1, pollingIntervalSeconds: 0.5 }
const looking = new pg.Pool({ connectionString: url, max: 1 })
const boss = new PgBoss({ connectionString: url, max: POOL, supervise: false, schedule: false, useListenNotify: true })
boss.on('error', error => { throw error })
await boss.start()
await boss.createQueue('noop', { notify: true })
await boss.createQueue('pickup', { notify: true })

await measure({
  async enqueueAll (count) {
    await boss.insert('noop', Array.from({ length: count }, (_, number) => ({ data: { number, text: TEXT } })))
  },
  enqueue: number => boss.send('noop', { number, text: TEXT }),
  enqueuePickup: askedAt => boss.send('pickup', { askedAt }),
  async work (slots) {
    const options = slots > FEW.batchSize ? MANY : FEW
    await boss.work('noop', options, async batch => batch.forEach(() => handled.noop()))
    await boss.work('pickup', options, async batch => batch.forEach(job => handled.pickup(job.data.askedAt)))
    return async () => {
      await boss.offWork('noop', { wait: true })
      await boss.offWork('pickup', { wait: true })
    }
  },
  async left () {
    const { rows } = await looking.query("SELECT count(*)::int AS count FROM pgboss.job WHERE state < 'completed'")
    return rows[0].count
  }
}, Number(jobs))
await boss.stop({ graceful: false })
await looking.end()
