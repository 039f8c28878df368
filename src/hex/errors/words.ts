import { z } from 'zod';
import { scrub } from '../token.js';

const MOST = 1_000;

const text = z.string().optional().catch(undefined);

/** Every shape of error that Hex has had, in one; what is missing is left out of the words. */
const bodySchema = z.object({
  code: text,
  message: text,
  issues: z
    .array(z.object({ message: z.string() }))
    .optional()
    .catch(undefined),
  reason: text,
  details: text,
  error: text,
  traceId: text,
  invalid: z
    .array(z.object({ paramName: z.string(), dataType: text, inputCellType: text }))
    .optional()
    .catch(undefined),
  notFound: z.array(z.string()).optional().catch(undefined),
});

/** What the body of an error says. */
export interface HexErrorBody {
  /** Hex's own words, scrubbed and cut; empty where there are none. */
  detail: string;
  traceId: string | null;
  /** Whether Hex itself wrote the body, and not something in between. */
  fromHex: boolean;
}

/** Reads the body of an error: either dialect of Hex, plain text, or a web page of something in between. */
export function readErrorBody(body: string, token: string): HexErrorBody {
  const parsed = bodySchema.safeParse(jsonOf(body));
  if (!parsed.success) return { detail: oneLine(withoutTags(body), token), traceId: null, fromHex: false };
  const { code, reason, traceId, invalid, notFound } = parsed.data;
  return {
    detail: oneLine(said(parsed.data) || body, token),
    traceId: traceId === undefined ? null : scrub(traceId, token),
    fromHex: [code, reason, invalid, notFound].some((field) => field !== undefined),
  };
}

/** Scrubbed, on one line, and no longer than is bearable in a message. */
export function oneLine(words: string, token: string): string {
  const line = scrub(words, token).replace(/\s+/g, ' ').trim();
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
}

function said(body: z.infer<typeof bodySchema>): string {
  const inputs = (body.invalid ?? []).map(({ paramName, dataType, inputCellType }) => {
    const kind = [dataType, inputCellType && `in a ${inputCellType} input`].filter(Boolean).join(' ');
    return `input "${paramName}" is not valid${kind && `: Hex expects ${kind}`}`;
  });
  const unknown = (body.notFound ?? []).map((name) => `the project has no input "${name}"`);
  const issues = (body.issues ?? []).map((issue) => issue.message);
  const head = body.reason ?? body.message ?? body.error;
  const parts = [head, body.details, ...issues, ...inputs, ...unknown];
  return parts.filter(Boolean).join('; ') || (body.code ?? '');
}

function withoutTags(body: string): string {
  if (!/^\s*</.test(body)) return body;
  return /<title[^>]*>([^<]*)/i.exec(body)?.[1] ?? '';
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
