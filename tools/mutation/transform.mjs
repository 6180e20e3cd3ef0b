/* Puts the mutant of this run into its file before it is compiled; the file on disk stays as it is. */
import { createHash } from 'node:crypto';
import swc from '@swc/jest';
import { mutated } from './mutants.mjs';

const mutant = JSON.parse(process.env.MUTANT ?? 'null');
const compiler = swc.createTransformer();

function sourceOf(source, file) {
  return mutant !== null && file === mutant.file ? mutated(source, mutant) : source;
}

export default {
  process: (source, file, options) => compiler.process(sourceOf(source, file), file, options),
  processAsync: (source, file, options) => compiler.processAsync(sourceOf(source, file), file, options),
  getCacheKey: (source, file, options) =>
    createHash('sha256')
      .update(compiler.getCacheKey(sourceOf(source, file), file, options))
      .digest('hex'),
};
