import type { MeAnswer } from '../../contract.js';
import { known, useAnswer } from './answers.js';

/** Who one is and what this console may do; null while that is not known, and in an exported page. */
export const useMe = (): MeAnswer | null => known('/api/me').value.answer as MeAnswer | null;

/** The same, asked for: once, by the frame around all pages. */
export const useSignedIn = () => useAnswer('/api/me');
