export { CLOSEST_MS, nextReadInMs, type Reader } from './next-read.js';
export { type Outlook, outlookOf } from './outlook.js';
