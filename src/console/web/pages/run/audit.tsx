import type { AuditEntry } from '../../../../pipeline/execution/result.js';
import { Table } from '../../parts/table.js';
import { Time } from '../../parts/time.js';

/** Who decided what, newest first. */
export function Audit({ audit, zone }: { audit: readonly AuditEntry[]; zone: string | null }) {
  if (audit.length === 0) return <p class="dim">Nobody has decided anything about this run.</p>;
  return (
    <Table caption="Decisions of people" columns={['When', 'Who', 'What', 'Step', 'Why']}>
      {[...audit].reverse().map(({ at, by, action, step, reason }) => (
        <tr key={at + action + step}>
          <td>
            <Time at={at} zone={zone} />
          </td>
          <td>{by}</td>
          <td>{action}</td>
          <td>{step}</td>
          <td class="said">{reason}</td>
        </tr>
      ))}
    </Table>
  );
}
