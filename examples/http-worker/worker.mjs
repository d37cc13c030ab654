// A worker in JavaScript without dependencies. It runs jobs of the task node.shout, four at a time, until SIGTERM.
const server = process.env.HEADRACE_URL ?? "http://localhost:8080";
const token = process.env.HEADRACE_TOKEN;
const SLOTS = 4;

const handlers = {
  "node.shout": async ({ text }) => {
    if (!text) throw new Error("there is nothing to shout");
    return text.toUpperCase() + "!";
  },
};

async function call(method, path, body) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const tasks = Object.keys(handlers).map((name) => ({ name, queue: "node" }));
const { id: me } = await call("POST", "/v1/workers", { queues: { node: SLOTS }, tasks });
const held = new Map(); // the leases of the jobs that run here, by job
let stopping = false;

async function run(job) {
  const lease = { id: job.id, token: job.token };
  held.set(job.id, lease);
  let outcome;
  try {
    outcome = { kind: "completed", result: await handlers[job.task](job.args) };
  } catch (error) {
    const { name: type, message, stack: traceback } = error;
    outcome = { kind: "failed", error: { type, message, traceback } };
  }
  held.delete(job.id);
  await call("POST", `/v1/workers/${me}/finish`, { jobs: [{ ...lease, outcome }] });
}

// Leases are extended before a third of them is over.
const heart = setInterval(() => call("POST", `/v1/workers/${me}/heartbeat`, { leases: [...held.values()] }), 8_000);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => (stopping = true));
console.error(`worker ${me} is ready`);

const running = new Set();
while (!stopping) {
  const free = SLOTS - running.size;
  const { jobs, order } = await call("POST", `/v1/workers/${me}/claim`, { queues: { node: free }, wait: "2s" });
  if (order === "stop") break;
  for (const job of jobs) {
    const done = run(job).finally(() => running.delete(done));
    running.add(done);
  }
  if (running.size === SLOTS) await Promise.race(running);
}
await Promise.all(running);
clearInterval(heart);
await call("DELETE", `/v1/workers/${me}`);
