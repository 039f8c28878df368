import type { PipelineDefinition } from './definition.js';

/** What a pipeline says of itself beside its name. */
export interface About {
  description: string | null;
  owner: string | null;
  tags: readonly string[];
}

/** Temporal keeps 20,000 bytes of details. */
const MOST_DESCRIPTION = 3_000;

/** What people read of a pipeline, as Markdown; empty where it says nothing. */
export function aboutText({ description, owner, tags }: About): string {
  const facts = [
    ...(owner === null ? [] : [`Owner: ${owner}`]),
    ...(tags.length === 0 ? [] : [`Tags: ${tags.join(', ')}`]),
  ];
  return [description?.slice(0, MOST_DESCRIPTION), facts.join('; ')].filter(Boolean).join('\n\n');
}

/** The static details of a workflow that runs a pipeline, where there is something to say. */
export function detailsOf(about: About): { staticDetails?: string } {
  const staticDetails = aboutText(about);
  return staticDetails === '' ? {} : { staticDetails };
}

/** What a definition that was not checked yet says of itself: one that a template gives may be anything. */
export function aboutOf(definition: PipelineDefinition): About {
  const { description, owner, tags }: { [Field in keyof About]?: unknown } = definition;
  return {
    description: typeof description === 'string' ? description : null,
    owner: typeof owner === 'string' ? owner : null,
    tags: Array.isArray(tags) ? tags : [],
  };
}
