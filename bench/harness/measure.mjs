/*
 * One measurement in a process of its own: one library, one workload. The parent sends nothing but the arguments; the
 * answer goes back as a message, so that what a library prints does not get in between.
 */
const { part, ...job } = JSON.parse(process.argv[2]);
const answer = await run().catch((error) => ({ error: error.message.split('\n', 1)[0] }));
// Libraries may have left timers: the process ends when its answer has been sent.
process.send(answer, () => process.exit(0));

async function run() {
  const { measure } = await import(`../${part}/measure.mjs`);
  return measure(job);
}
