import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { forkChild } from '../processes/child.js';
import { merged, parseLog, type History, type Impairment } from './history.js';
import { hostMs, type NodePlan, type Progress } from './node-plan.js';

const NODE = new URL('node.child.ts', import.meta.url);
const ENDS_WITHIN_MS = 15_000;

interface Life {
  readonly plan: NodePlan;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  isWanted: boolean;
}

/** A node, and the lives of its processes. */
export class NodeProcess {
  /** How many operations its processes have done. */
  operations = 0;
  /** What went wrong that no fault explains: a process that ended by itself. */
  failure: string | undefined;
  private readonly lives: Life[] = [];
  private readonly impairments: Impairment[] = [];

  constructor(
    readonly name: string,
    private readonly plan: Pick<NodePlan, 'urls' | 'isCluster' | 'folder'>,
    private readonly random: () => number,
  ) {}

  start(): void {
    const node = `${this.name}.${this.lives.length + 1}`;
    const seed = Math.floor(this.random() * 2 ** 31);
    const plan = { ...this.plan, node, seed, log: join(this.plan.folder, `${node}.log`) };
    const child = forkChild(NODE, [JSON.stringify(plan)]);
    const life = { plan, child, exited: once(child, 'exit'), isWanted: true };
    child.on('message', (message) => {
      this.operations += (message as Progress).operations; // both ends are ours
    });
    void life.exited.then((how) => {
      if (life.isWanted) this.failure ??= `${node} ended by itself: ${String(how)}`;
    });
    this.lives.push(life);
  }

  /** Notes that the node is impaired while something is done to it. */
  async impaired(work: () => Promise<void> | void): Promise<void> {
    const { node } = this.life.plan;
    const from = hostMs();
    await work();
    this.impairments.push({ node, from, to: hostMs() });
  }

  /** Kills it (-9), and starts another process in its place after a while. */
  async replace(afterMs: number): Promise<void> {
    const { life } = this;
    const from = hostMs();
    await this.kill(life);
    this.impairments.push({ node: life.plan.node, from, to: Infinity });
    await sleep(afterMs);
    this.start();
  }

  async pause(forMs: number): Promise<void> {
    await this.impaired(async () => {
      this.life.child.kill('SIGSTOP');
      await sleep(forMs);
      this.life.child.kill('SIGCONT');
    });
  }

  /** Lets it end by itself; one that takes too long is killed, for how nodes end is no matter of coherence. */
  async end(): Promise<void> {
    const { life } = this;
    life.isWanted = false;
    if (life.child.connected) life.child.send('end');
    const hasEnded = await Promise.race([life.exited.then(() => true), sleep(ENDS_WITHIN_MS, false, { ref: false })]);
    if (hasEnded) return;
    await this.kill(life);
  }

  /** Ends it at once, whatever it is doing. */
  async abandon(): Promise<void> {
    if (this.lives.length > 0) await this.kill(this.life);
  }

  /** What its processes logged. */
  history(): History {
    const logs = this.lives.map(({ plan }) => parseLog(plan.node, textOf(plan.log)));
    return merged([...logs, { reads: [], changes: [], impairments: this.impairments }]);
  }

  private get life(): Life {
    return this.lives.at(-1) as Life;
  }

  private async kill(life: Life): Promise<void> {
    life.isWanted = false;
    life.child.kill('SIGKILL');
    await life.exited;
  }
}

/** A process that was killed before it wrote a line has no log. */
function textOf(log: string): string {
  try {
    return readFileSync(log, 'utf8');
  } catch {
    return '';
  }
}
