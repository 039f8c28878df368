/** A manifest of deploy/kubernetes with the image of another version of this package. */
export function withImageVersion(manifest: string, version: string): string {
  return manifest.replace(
    /(newTag: |ghcr\.io\/temporal-hex\/temporal-hex:)[\w.-]*\w/g,
    (_, before: string) => `${before}${version}`,
  );
}
