import { z } from 'zod';
import { iso } from './clock.js';
import { readAs } from './errors.js';

const inputSchema = z.strictObject({
  /** What the value must be; 'date' is text YYYY-MM-DD. */
  dataType: z.enum(['string', 'number', 'boolean', 'date', 'any']).default('any'),
  /** Kind of input cell, for the error body only. */
  inputCellType: z.string().default('text'),
});

const projectSchema = z.strictObject({
  /** One safe path segment; Hex's own are UUIDs. */
  id: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be one path segment of letters, digits, - and _'),
  title: z.string().optional(),
  description: z.string().nullable().optional(),
  type: z.enum(['PROJECT', 'COMPONENT']).optional(),
  /** Whether it was ever published; only published projects run. */
  published: z.boolean().optional(),
  /** Version that the runs report. */
  version: z.number().int().nonnegative().optional(),
  /** The workspace's label ("Approved"), not a publish state. */
  statusLabel: z.string().nullable().optional(),
  categories: z.array(z.string()).optional(),
  collectionIds: z.array(z.string()).optional(),
  creatorEmail: z.string().optional(),
  ownerEmail: z.string().optional(),
  archived: z.boolean().optional(),
  trashed: z.boolean().optional(),
  /** Inputs of the published app, by variable name; none declared = any inputs are taken as they come. */
  inputs: z.record(z.string(), inputSchema).nullable().optional(),
});

/** A project as users declare it; what is left out keeps its value, or gets the default of a published project. */
export type ProjectPatch = z.input<typeof projectSchema>;

/** A project, as the sandbox keeps it. */
export type Project = Required<z.output<typeof projectSchema>> & {
  createdAt: number;
  lastEditedAt: number;
  lastPublishedAt: number | null;
};

/** The projects that every sandbox begins with: a small ETL by slugs, and two by UUID as in Hex. */
const firstProjects: readonly ProjectPatch[] = [
  { id: '5a8591dd-4039-49df-9202-96385ba3eff8', title: 'Daily revenue' },
  { id: '2f6d1c1e-7a53-4a0b-9d9e-3b0f6c9a1d42', title: 'Customer health' },
  { id: 'extract-project-id', title: 'Extract' },
  { id: 'transform-project-id', title: 'Transform' },
  { id: 'load-project-id', title: 'Load' },
];

const day = 86_400_000;

/** The projects of one workspace. */
export class ProjectStore {
  readonly #projects = new Map<string, Project>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    for (const project of firstProjects) this.put(project);
  }

  /** Declares a project, or changes the named fields of a known one. */
  put(input: unknown): Project {
    const read = readAs(projectSchema, input, 'Project of the sandbox');
    const now = this.#now();
    const before: Project = this.#projects.get(read.id) ?? {
      id: read.id,
      title: read.id,
      description: null,
      type: 'PROJECT',
      published: true,
      version: 7,
      statusLabel: null,
      categories: [],
      collectionIds: [],
      creatorEmail: 'sandbox@example.com',
      ownerEmail: 'sandbox@example.com',
      archived: false,
      trashed: false,
      inputs: null,
      // Each older than the one before, so that "newest first" has one answer.
      createdAt: now - 30 * day + this.#projects.size,
      lastEditedAt: now - 2 * day,
      lastPublishedAt: now - day,
    };
    const named = Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
    const project: Project = { ...before, ...(named as Partial<Project>) };
    if (!project.published) project.lastPublishedAt = null;
    else project.lastPublishedAt ??= now;
    this.#projects.set(project.id, project);
    return project;
  }

  /** The project, created when it is unknown and `create` says so; null = there is none. */
  get(id: string, create: boolean): Project | null {
    return this.#projects.get(id) ?? (create ? this.put({ id }) : null);
  }

  all(): Project[] {
    return [...this.#projects.values()];
  }
}

/** A project as GetProject and ListProjects tell it. */
export function projectBody(project: Project, at: number, withSharing = false): Record<string, unknown> {
  return {
    id: project.id,
    title: project.title,
    description: project.description,
    type: project.type,
    creator: { email: project.creatorEmail },
    owner: { email: project.ownerEmail },
    status: project.statusLabel === null ? null : { name: project.statusLabel },
    categories: project.categories.map((name) => ({ name, description: null })),
    reviews: { required: false },
    analytics: {
      publishedResultsUpdatedAt: null,
      lastViewedAt: null,
      appViews: { allTime: 0, lastSevenDays: 0, lastFourteenDays: 0, lastThirtyDays: 0 },
    },
    lastEditedAt: iso(project.lastEditedAt),
    lastPublishedAt: project.lastPublishedAt === null ? null : iso(project.lastPublishedAt),
    createdAt: iso(project.createdAt),
    archivedAt: project.archived ? iso(at) : null,
    trashedAt: project.trashed ? iso(at) : null,
    schedules: [],
    ...(withSharing
      ? {
          sharing: {
            users: [],
            collections: [],
            groups: [],
            workspace: { access: 'APP_ONLY' },
            publicWeb: { access: 'NONE' },
          },
        }
      : {}),
  };
}
