/* transfer.c - one kh_transfer_run(), as the stages do it.
 *
 *   transfer URL SHA256 KEEP TREE
 */
#include <stdio.h>

#include "sources/transfer.h"

int main(int argc, char **argv)
{
	struct kh_error err = KH_ERROR_INIT;
	const struct kh_making making = {.stage = "fetch"};
	if (argc != 5) {
		fprintf(stderr, "usage: transfer URL SHA256 KEEP TREE\n");
		return 2;
	}
	struct kh_strv urls = {&argv[1], 1};
	const struct kh_transfer transfer = {
		.name = "archive",
		.urls = &urls,
		.size_bytes = -1,
		.sha256 = argv[2],
		.keep = argv[3],
		.tree = argv[4],
	};
	if (kh_transfer_run(&making, &transfer, NULL, &err) == 0)
		return 0;
	fprintf(stderr, "transfer: %s\n", err.message);
	return 1;
}
