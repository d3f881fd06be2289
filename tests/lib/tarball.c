/* tarball.c - see tarball.h. */
#include "tests/lib/tarball.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 512 };

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], changed[12], sum[8], type, link[100],
		magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155],
		pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

static void put_text(char *field, size_t size, const char *text)
{
	size_t length = strlen(text);
	memcpy(field, text, length < size ? length : size);
}

static void put_octal(char *field, size_t size, unsigned long long value)
{
	char text[32];
	snprintf(text, sizeof(text), "%0*llo", (int)size - 1, value);
	put_text(field, size, text);
}

void tarball_header(struct kh_str *tar, char type, const char *name, unsigned mode,
		    const char *link, unsigned long long length)
{
	struct header header = {.type = type};
	unsigned sum = 0;
	put_text(header.name, sizeof(header.name), name);
	put_text(header.link, sizeof(header.link), link ? link : "");
	put_text(header.magic, sizeof(header.magic), "ustar");
	memcpy(header.version, "00", 2);
	put_octal(header.mode, sizeof(header.mode), mode);
	put_octal(header.uid, sizeof(header.uid), 0);
	put_octal(header.gid, sizeof(header.gid), 0);
	put_octal(header.size, sizeof(header.size), length);
	put_octal(header.changed, sizeof(header.changed), TARBALL_TIME);
	put_octal(header.major, sizeof(header.major), 1);
	put_octal(header.minor, sizeof(header.minor), 3);
	memset(header.sum, ' ', sizeof(header.sum));
	for (size_t i = 0; i < sizeof(header); i++)
		sum += ((const unsigned char *)&header)[i];
	put_octal(header.sum, sizeof(header.sum) - 1, sum);
	kh_str_add_bytes(tar, &header, sizeof(header));
}

void tarball_add(struct kh_str *tar, char type, const char *name, unsigned mode, const char *link,
		 const void *bytes, size_t length)
{
	static const char zeros[BLOCK];
	tarball_header(tar, type, name, mode, link, length);
	kh_str_add_bytes(tar, bytes, length);
	kh_str_add_bytes(tar, zeros, (BLOCK - length % BLOCK) % BLOCK);
}

void tarball_file(struct kh_str *tar, const char *name, unsigned mode, const char *text)
{
	tarball_add(tar, '0', name, mode, NULL, text, strlen(text));
}

void tarball_end(struct kh_str *tar)
{
	static const char zeros[2 * BLOCK];
	kh_str_add_bytes(tar, zeros, sizeof(zeros));
}
