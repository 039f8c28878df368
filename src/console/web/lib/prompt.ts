/** What people are asked, of what a step waits for: the status says already that it is an approval. */
export const promptOf = (waitingFor: string): string => waitingFor.replace(/^approval: /, '');
