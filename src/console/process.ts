/**
 * What the process of `temporal-hex console` runs. The build makes one file of it and all that it needs, which is there in half the time;
 * its classes are others than those of the other files.
 */
export { lazyClient } from './connect.js';
export { isLocal, startConsole } from './server.js';
