// Runs before each file; what it imports is loaded once in a process.
import './quiet-runtime.js';
