/* cut.c - a live switch, and the way back, killed at every change of the kernel's tables.
 *
 * Run inside a host of tests/net (cases/cut): the link is eth0, in a namespace of its own.
 *
 *   cut switch N   switch over, and die before change N (0: not at all)
 *   cut back N     the same on the way back
 *   cut take       read the port, and write the record of it
 *
 * Prints how many changes were made; the exit status is 9 where it died.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "net/live.h"

static long long left;
static int made;

static void count(int type)
{
	(void)type;
	made++;
	if (left > 0 && --left == 0)
		_exit(9);
}

static int take(const struct kh_root *root, struct kh_error *err)
{
	kh_auto(kh_live_done) struct kh_live live = {0};
	if (kh_live_take(root, "br0", "eth0", &live, err) != 0)
		return -1;
	return kh_live_write(root, &live, err);
}

static int work(const struct kh_root *root, const char *what, struct kh_error *err)
{
	kh_auto(kh_live_done) struct kh_live live = {0};
	if (strcmp(what, "take") == 0)
		return take(root, err);
	if (kh_live_read(root, &live, err) != 0)
		return -1;
	kh_netlink_hook = count;
	return strcmp(what, "switch") == 0 ? kh_live_switch(root, &live, err)
					   : kh_live_back(root, &live, err);
}

int main(int argc, char **argv)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	if (argc < 2)
		return 2;
	left = argc > 2 ? kh_str_number(argv[2]) : 0;
	if (kh_root_open("/", &root, &err) != 0 || work(&root, argv[1], &err) != 0) {
		fprintf(stderr, "cut: %s\n", err.message ? err.message : "there is no record");
		return 1;
	}
	printf("%d\n", made);
	return 0;
}
