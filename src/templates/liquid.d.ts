/** The build without Node's built-ins: the only one that a workflow can hold. */
declare module 'liquidjs/dist/liquid.browser.mjs' {
  export * from 'liquidjs';
}
