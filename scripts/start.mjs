/*
 * `npm start`, from a bare clone too: installs what the lockfile says when it is not installed, builds the library and the
 * sample app when their sources are newer, and runs the app. Needs Node and npm only, so this file and what it imports
 * before the installation use nothing else, and this file parses on Nodes that the rest does not run on.
 */
import { assertSupportedNode } from './node-version.mjs';

assertSupportedNode();
const { prepare } = await import('./prepare.mjs');
const main = await prepare();
process.setSourceMapsEnabled(true);
// In this process, so that signals, PORT and the terminal are the app's own.
await import(main);
