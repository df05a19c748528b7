export default "percent-decoded";
