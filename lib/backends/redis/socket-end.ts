type Listener = () => void;

/**
 * Ends the sockets of a client, those too that it is just opening or opens later: `signal` is an option of each of them.
 * node-redis itself ends, when it is told to, what it has at that moment. What opens later stays open, for good.
 *
 * Node.js listens to the signal twice for each socket and leaves the second listener there when the socket has closed.
 * Kept, it would keep every socket that a client ever had. So listeners are held weakly: what ends a socket is held by
 * the socket itself, for as long as that is open.
 */
export class SocketEnd {
  private readonly listeners = new Set<WeakRef<Listener>>();
  private readonly controller = new AbortController();
  readonly signal: AbortSignal = Object.assign(this.controller.signal, {
    addEventListener: (_: string, listener: Listener): void => void this.listeners.add(new WeakRef(listener)),
    removeEventListener: (_: string, listener: Listener): void => {
      for (const held of this.listeners) {
        const kept = held.deref();
        if (kept === undefined || kept === listener) this.listeners.delete(held);
      }
    },
  });

  get hasEnded(): boolean {
    return this.signal.aborted;
  }

  end(): void {
    this.controller.abort();
    const { listeners } = this;
    for (const held of [...listeners]) held.deref()?.();
    listeners.clear();
  }
}
