import { isUtf8 } from 'node:buffer';
import type { Parsed } from '../base/problems.js';
import { positionAt, problemAt } from './place.js';

const BYTE_ORDER_MARK = '\uFEFF';
/** Characters that neither YAML nor JSON allows as they are. */
const CONTROL = /[^\P{Cc}\t\n\r\u0085]/u;

/** The text of a file: UTF-8, without a byte order mark. */
export function decode(bytes: Buffer): Parsed<string> {
  const utf16 = bytes[0] === 0xff ? bytes[1] === 0xfe : bytes[0] === 0xfe && bytes[1] === 0xff;
  if (utf16) return failed('', 0, 'the file is UTF-16: save it as UTF-8');
  const decoded = bytes.toString('utf8');
  if (!isUtf8(bytes))
    return failed(decoded, firstBadByte(bytes, decoded), 'is not UTF-8: save the file as UTF-8');
  const text = decoded.startsWith(BYTE_ORDER_MARK) ? decoded.slice(1) : decoded;
  const control = CONTROL.exec(text);
  if (!control) return { ok: true, value: text };
  const code = control[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase();
  return failed(
    text,
    control.index,
    `has the control character U+${code}: take it out, or write it as "\\u${code}"`,
  );
}

/** Where in the decoded text the first byte stands that is no UTF-8. */
function firstBadByte(bytes: Buffer, decoded: string): number {
  const again = Buffer.from(decoded);
  const bad = again.findIndex((byte, index) => byte !== bytes[index]);
  return again.subarray(0, bad).toString('utf8').length;
}

function failed(text: string, offset: number, message: string): Parsed<string> {
  return { ok: false, problems: [problemAt(positionAt(text, offset), message)] };
}
