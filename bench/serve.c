/* serve.c - one file over HTTP on loopback, as fast as told, until standard input ends.
 *
 *   serve FILE BYTES_PER_SECOND        prints its URL; 0: as fast as it goes
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/httpd.h"

int main(int argc, char **argv)
{
	struct stat status;
	struct httpd server;
	char byte;
	int fd = argc == 3 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0 || fstat(fd, &status) != 0) {
		fprintf(stderr, "usage: serve FILE BYTES_PER_SECOND\n");
		return 2;
	}
	const struct httpd_file file = {
		.path = "/archive",
		.bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE,
			      fd, 0),
		.length = (size_t)status.st_size,
		.bytes_per_s = strtoul(argv[2], NULL, 10),
	};
	if (file.bytes == MAP_FAILED) {
		perror("serve");
		return 1;
	}
	httpd_start(&server, &file, 1);
	printf("%s/archive\n", server.url);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	httpd_stop(&server);
	return 0;
}
