/* Lets Node run our TypeScript as it is: `node --import <this file> <a .ts file>`, for tests that need more than one process. */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
