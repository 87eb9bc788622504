/*
 * devices_fuzz.c - a table of devices that is read finds each of them, and an
 * address and a list that were read are read again as they are
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/devices.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char address[DEVICE_ADDRESS_SIZE], again[DEVICE_ADDRESS_SIZE];
	char to[DEVICE_TO_SIZE], more[DEVICE_TO_SIZE];
	struct slice input = slice_of(bytes, len);
	struct devices devices;

	if (devices_unpack(input, &devices) == 0) {
		assert(devices.count <= DEVICES_MOST);
		for (size_t i = 0; i < devices.count; i++) {
			assert(devices.at[i].account > 0);
			assert(devices.at[i].per_hour > 0);
			(void)devices_find(&devices, devices.at[i].address);
		}
		free(devices.at);
	}
	if (device_address(input, address)) {
		assert(device_address(slice_str(address), again));
		assert(strcmp(address, again) == 0);
	}
	if (device_to(input, to) == 0) {
		assert(device_to(slice_str(to), more) == 0);
		assert(strcmp(to, more) == 0);
	}
	return 0;
}
