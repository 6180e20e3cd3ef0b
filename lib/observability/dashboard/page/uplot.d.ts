/* What the build puts beside the page as uplot.js. */
export { default } from 'uplot';
