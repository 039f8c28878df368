/** What the variables of a connection begin with: `HEX_`, or `HEX_CONNECTION_FINANCE_` of the connection `finance`. */
export function variablePrefix(connection: string): string {
  return connection === 'default'
    ? 'HEX_'
    : `HEX_CONNECTION_${connection.toUpperCase().replaceAll('-', '_')}_`;
}
