/*
 * A client in a thread of its own: as many connections as it is told, each of which asks again as soon as it has its
 * answer. Its work is not the server's, whose thread alone is measured.
 */
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port, path, connections } = workerData;
const REQUEST = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n\r\n`);

parentPort.on('message', async ({ requests, once }) => {
  let left = requests;
  const statuses = new Set();
  const bodies = new Set();
  const answer = ({ status, body }) => {
    statuses.add(status);
    if (once) bodies.add(body);
  };
  const take = () => left-- > 0;
  await Promise.all(Array.from({ length: connections }, () => converse(take, answer)));
  parentPort.postMessage({ statuses: [...statuses], bodies: bodies.size });
});

/** Asks on one connection until no request is left. */
function converse(take, answer) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    const next = () => {
      if (take()) socket.write(REQUEST);
      else socket.end();
    };
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.on('connect', next);
    socket.on('error', reject);
    socket.on('close', resolve);
    socket.on('data', (chunk) => {
      received += chunk;
      const end = received.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
      if (received.length < end + 4 + length) return;
      answer({ status: received.slice(9, 12), body: received.slice(end + 4) });
      received = '';
      next();
    });
  });
}
