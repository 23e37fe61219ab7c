export { ContextTab as default } from './ContextTab';
