/** The part of cli-progress that the sample app calls. */
declare module 'cli-progress' {
  export interface Options {
    readonly format?: string;
    readonly hideCursor?: boolean;
    readonly clearOnComplete?: boolean;
    readonly stream?: NodeJS.WritableStream;
  }

  export interface Preset {
    readonly barCompleteChar: string;
    readonly barIncompleteChar: string;
    readonly format: string;
  }

  export class SingleBar {
    constructor(options: Options, preset?: Preset);
    start(total: number, startValue: number, payload?: object): void;
    update(value: number, payload?: object): void;
    stop(): void;
  }

  export const Presets: { readonly shades_classic: Preset };
}
