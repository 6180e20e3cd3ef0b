import { Presets, SingleBar } from 'cli-progress';
import type { FillProgress } from './fill-progress.js';

/** Shows a fill in the terminal: as a bar, or as a line for each tenth where the output goes to a file or a pipe. */
export class FillDisplay {
  private readonly bar = process.stdout.isTTY
    ? new SingleBar({ format: 'filling |{bar}| {percentage}% | {value} of {total} cities' }, Presets.shades_classic)
    : undefined;
  private started = false;
  private tenths = -1;

  show({ state, done, total, percent }: FillProgress): void {
    if (state !== 'filling') {
      this.end();
      return;
    }
    if (this.bar !== undefined) {
      if (this.started) this.bar.update(done);
      else this.bar.start(total, done);
    } else if (Math.floor(percent / 10) > this.tenths) {
      this.tenths = Math.floor(percent / 10);
      console.log(`filling: ${percent}% (${done} of ${total} cities)`);
    }
    this.started = true;
  }

  /** Gives the terminal back; the bar had switched its line wrapping off. */
  end(): void {
    if (this.started) this.bar?.stop();
  }
}
