import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hitRatioRow } from './hit-ratio-plot.mjs';
import { peersPlot } from './peers-plot.mjs';

const PLOTS = [
  { data: ['hit-ratio.json'], file: 'hit-ratio.svg', draw: ([results]) => hitRatioRow(results.map(withoutSuffix)) },
  { data: ['speed.json', 'bytes.json'], file: 'peers.svg', draw: ([speed, bytes]) => peersPlot(speed, bytes) },
];

/** The plots of the documentation, from the data beside them: file name and content of each. */
export function drawPlots(folder) {
  return Promise.all(
    PLOTS.map(async ({ data, file, draw }) => {
      const contents = await Promise.all(data.map((name) => readFile(join(folder, name), 'utf8')));
      return { file, content: draw(contents.map((content) => JSON.parse(content))) };
    }),
  );
}

function withoutSuffix(result) {
  return { ...result, title: result.title.replace(/\.u32\.br(?=: )/, '') };
}
