import type { Budget } from '../../contract.js';

/** How much of a limit is used, as a bar and in figures. */
export function BudgetBar({ name, budget }: { name: string; budget: Budget }) {
  const { used, limit } = budget;
  if (limit === null) return <Meter name={name} text={`${used}, no limit`} share={null} />;
  return (
    <Meter
      name={name}
      text={`${used} of ${limit}, ${Math.max(0, limit - used)} free`}
      share={limit === 0 ? 1 : used / limit}
    />
  );
}

function Meter({ name, text, share }: { name: string; text: string; share: number | null }) {
  const full = Math.min(1, share ?? 0);
  return (
    <div class="meter">
      <span>{name}</span>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="6" rx="3" />
        {full > 0 && (
          <rect class={`used${full >= 1 ? ' full' : ''}`} width={Math.max(3, full * 100)} height="6" rx="3" />
        )}
      </svg>
      <span class="figure dim">{text}</span>
    </div>
  );
}
