/*
 * config_fuzz.c - any text as postroom.conf; what is taken is shown and taken
 * again.
 */
#include <stdlib.h>

#include "policy/config.h"

/* libFuzzer's entry. */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static struct config config;
	TEXT_AUTO faults = TEXT_INIT(64 * 1024);
	TEXT_AUTO shown = TEXT_INIT(256 * 1024);

	if (config_parse(slice_of(at, len), "fuzz", &config, &faults) != 0)
		return 0;
	config_show(&config, &shown);
	if (config_parse(text_slice(&shown), "shown", &config, &faults) != 0)
		abort();
	return 0;
}
