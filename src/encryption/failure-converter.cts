// What a failure says goes through the codec too. Temporal's SDK loads this file with require(), from the sources as well:
// so it is JavaScript.
exports.failureConverter = new (require('@temporalio/common').DefaultFailureConverter)({
  encodeCommonAttributes: true,
});
