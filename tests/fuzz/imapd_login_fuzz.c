/*
 * imapd_login_fuzz.c - any bytes against IMAP before login
 */
#include "tests/fuzz/login_scene.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return login_fuzz(&imapd_protocol, data, size);
}
