import uPlot from './uplot.js';
import { empty, h } from './dom.js';
import type { Points } from './model.js';

/** A line of a plot. */
export interface Line {
  readonly label: string;
  /** `1` to `5`: its colour. */
  readonly colour: number;
  readonly points: Points;
  readonly isFilled?: boolean;
}

/** What one plot shows now. */
export interface PlotData {
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** Both in seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** In the place of the plot's own words, when there is nothing to draw. */
  readonly empty?: { readonly title: string; readonly text: string } | undefined;
}

export interface PlotOptions {
  /** What it is about, for those who do not see it. */
  readonly title: string;
  readonly format: (value: number | null) => string;
  /** Shorter, for the scale. */
  readonly axisFormat?: (value: number) => string;
  /** The steps that its scale may have, where decimal ones are not round. */
  readonly steps?: number[];
  /** The end of the scale, where that does not follow the values. */
  readonly max?: number;
  /** What to say while there is nothing to draw. */
  readonly emptyTitle?: string;
  readonly emptyText: string;
}

const HEIGHT = 150;
/** Every plot shows the same instant under the pointer. */
const SYNC_KEY = 'strata';

/** One plot over time. It is drawn anew when its lines are others, and else only moves. */
export class Plot {
  readonly element: HTMLElement;
  private readonly canvas = h('div', { class: 'plot' });
  private readonly summary = h('p', { class: 'visually-hidden' });
  private readonly observer = new ResizeObserver(() => this.fit());
  private chart: uPlot | undefined = undefined;
  private drawnAs = '';
  private readonly emptyNote = empty('', '');

  constructor(private readonly options: PlotOptions) {
    this.element = h('div', { role: 'group', 'aria-label': options.title }, this.canvas, this.summary);
    this.observer.observe(this.canvas);
  }

  show(data: PlotData): void {
    const as = data.lines.map(({ label, colour }) => `${label}/${colour}`).join();
    if (this.chart === undefined || as !== this.drawnAs) this.draw(data, as);
    const hasPoints = data.lines.some(({ points }) => points.some((point) => point !== null));
    this.emptyNote.hidden = hasPoints;
    this.sayEmpty(data.empty);
    this.chart?.batch(() => {
      this.chart?.setData([[...data.times], ...data.lines.map(({ points }) => points)], false);
      this.chart?.setScale('x', { min: data.from, max: data.to });
    });
    // Where no pointer chooses an instant, the legend tells the last one.
    if (this.chart !== undefined && (this.chart.cursor.left ?? -1) < 0) this.tellLast();
    const now = data.lines.map(({ label, points }) => `${label} ${this.options.format(points.at(-1) ?? null)}`);
    this.summary.textContent = `${this.options.title}, last interval: ${now.join(', ')}`;
  }

  /** After the colours have changed. */
  recolour(): void {
    this.drawnAs = '';
  }

  dispose(): void {
    this.observer.disconnect();
    this.chart?.destroy();
    this.chart = undefined;
  }

  private sayEmpty(other: PlotData['empty']): void {
    const { emptyTitle = 'Nothing yet', emptyText } = this.options;
    const { title, text } = other ?? { title: emptyTitle, text: emptyText };
    if (this.emptyNote.textContent !== title + text) this.emptyNote.replaceChildren(h('b', {}, title), text);
  }

  private draw({ lines }: PlotData, as: string): void {
    this.chart?.destroy();
    this.drawnAs = as;
    const { format, axisFormat = format, steps, max } = this.options;
    const [axis, grid] = [colour('--text-muted', this.canvas), colour('--plot-grid', this.canvas)];
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const ticks = { show: false };
    this.canvas.replaceChildren(this.emptyNote);
    this.chart = new uPlot(
      {
        width: this.width(),
        height: HEIGHT,
        padding: [8, 20, 0, 0],
        cursor: { sync: { key: SYNC_KEY }, drag: { x: false, y: false }, points: { size: 7 } },
        scales: {
          x: { time: true, auto: false },
          y: { range: (_, min, top) => [Math.min(0, min ?? 0), max ?? (top || 1) * 1.08] },
        },
        legend: { live: true },
        axes: [
          {
            stroke: axis,
            font,
            grid: { stroke: grid, width: 1 },
            ticks,
            size: 26,
            space: labelSpace,
            values: timeLabels,
          },
          {
            stroke: axis,
            font,
            grid: { stroke: grid, width: 1 },
            ticks,
            size: 62,
            space: 34,
            ...(steps !== undefined && { incrs: steps }),
            values: (_, splits) => splits.map((value) => axisFormat(value)),
          },
        ],
        hooks: {
          // The pointer has left this plot, or the one that it was on.
          setCursor: [({ cursor: { left = -1 } }) => left < 0 && queueMicrotask(() => this.tellLast())],
        },
        series: [{}, ...lines.map((line) => this.series(line))],
      },
      [[], ...lines.map(() => [])],
      this.canvas,
    );
  }

  private tellLast(): void {
    this.chart?.setLegend({ idx: (this.chart.data[0]?.length ?? 0) - 1 });
  }

  private series({ label, colour: number, isFilled }: Line): uPlot.Series {
    const stroke = colour(`--plot-${number}`, this.canvas);
    return {
      label,
      stroke,
      width: 1.6,
      ...(isFilled === true && { fill: stroke.replace('rgb(', 'rgba(').replace(')', ', 0.12)') }),
      // A value alone between gaps has no line to be seen by.
      points: { show: true, size: 4, fill: stroke, filter: (chart, seriesAt) => lonely(chart.data[seriesAt] ?? []) },
      value: (_, value) => this.options.format(value),
    };
  }

  private width(): number {
    return Math.max(200, this.canvas.clientWidth);
  }

  private fit(): void {
    this.chart?.setSize({ width: this.width(), height: HEIGHT });
  }
}

/** A colour of the page's own, as it is now. */
function colour(token: string, within: HTMLElement): string {
  const probe = h('span', { hidden: true });
  probe.style.color = `var(${token})`;
  within.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function lonely(points: ArrayLike<number | null | undefined>): number[] {
  const isThere = (at: number): boolean => points[at] !== null && points[at] !== undefined;
  return Array.from(points, (_, at) => at).filter((at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1));
}

/** Seconds make the labels of a short time longer: on a wide plot there are some between minutes too. */
function labelSpace(_: uPlot, _axis: number, from: number, to: number): number {
  return to - from < 600 ? 72 : 46;
}

function timeLabels(_: uPlot, splits: number[]): string[] {
  return splits.map((seconds) => {
    const text = new Date(seconds * 1000).toLocaleTimeString('en-GB');
    return text.endsWith(':00') ? text.slice(0, 5) : text;
  });
}
