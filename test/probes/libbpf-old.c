/* A false libbpf that says it is 0.8: the product must refuse it with a clear message. */
unsigned libbpf_major_version(void)
{
	return 0;
}

unsigned libbpf_minor_version(void)
{
	return 8;
}

const char *libbpf_version_string(void)
{
	return "v0.8";
}
