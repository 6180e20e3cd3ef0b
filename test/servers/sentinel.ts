import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redisProgram, type RedisServer } from './redis.js';
import { ServerProcess } from './server-process.js';

/** The name under which a Sentinel of ours watches its master. */
export const MASTER_NAME = 'strata';
/** After so long without an answer the master counts as down. */
const DOWN_AFTER_MS = 400;

/** Starts a Sentinel on a free port, which alone decides about the master that it watches. */
export function startSentinel(master: RedisServer): Promise<ServerProcess> {
  return ServerProcess.start({
    ...redisProgram(),
    ports: 1,
    args: ([port], folder) => {
      const file = join(folder, 'sentinel.conf');
      // It keeps what it finds out in there.
      if (!existsSync(file)) {
        const lines = [
          `port ${port}`,
          'bind 127.0.0.1',
          `dir ${folder}`,
          `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} 1`,
          `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
          `sentinel failover-timeout ${MASTER_NAME} 2000`,
        ];
        writeFileSync(file, `${lines.join('\n')}\n`);
      }
      return [file, '--sentinel'];
    },
    greeting: { say: 'PING\r\n', ready: /^\+PONG/ },
  });
}
