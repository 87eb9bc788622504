/*
 * pop3_login_fuzz.c - any bytes against POP3 before login
 */
#include "tests/fuzz/login_scene.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return login_fuzz(&pop3_protocol, data, size);
}
