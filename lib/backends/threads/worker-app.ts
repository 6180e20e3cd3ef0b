/** What an app made by `NestFactory` is here. */
export interface ClosableApp {
  close(): Promise<unknown>;
}

/** What a pool calls in a worker for each task. */
export interface WorkerTask<T, R> {
  (task: T): Promise<R>;
  /** Closes the app, if it was started; the next task starts another. A worker that is terminated without it leaves nothing behind. */
  close(): Promise<void>;
}

/**
 * A Nest app inside a worker thread, as the function that a pool such as piscina calls: `export default workerApp(() =>
 * NestFactory.createApplicationContext(AppModule), (app, task) => app.get(Reports).make(task))`. The app is started once,
 * with the first task; tasks that come meanwhile wait for it. When it cannot start, those are rejected, and the next one
 * tries again.
 */
export function workerApp<A extends ClosableApp, T, R>(
  start: () => Promise<A>,
  run: (app: A, task: T) => R | Promise<R>,
): WorkerTask<T, R> {
  let starting: Promise<A> | undefined;
  const started = (): Promise<A> => {
    starting ??= start().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };
  const close = async (): Promise<void> => {
    const closing = starting;
    starting = undefined;
    await (await closing)?.close();
  };
  return Object.assign(async (task: T): Promise<R> => run(await started(), task), { close });
}
