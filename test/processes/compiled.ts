import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformFile } from '@swc/core';

const LIBRARY = fileURLToPath(new URL('../../lib/', import.meta.url));

/** Layers of the library as JavaScript in a folder of their own, for threads that are started so often that compiling in each would be felt. */
export class CompiledLayers {
  private constructor(private readonly folder: string) {}

  static async make(...layers: string[]): Promise<CompiledLayers> {
    const folder = await mkdtemp(join(tmpdir(), 'strata-compiled-'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    for (const layer of layers) {
      const files = await readdir(join(LIBRARY, layer));
      for (const file of files.filter((name) => name.endsWith('.ts'))) {
        const { code } = await transformFile(join(LIBRARY, layer, file), {
          module: { type: 'es6' },
          jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } },
        });
        const target = join(folder, layer, file.replace(/ts$/, 'js'));
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, code);
      }
    }
    return new CompiledLayers(folder);
  }

  /** Of a file, named by its path in the library without an ending. */
  url(module: string): string {
    return pathToFileURL(join(this.folder, `${module}.js`)).href;
  }

  dispose(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
