/* program.h - what is known of each program beforehand: its names in the world. */
#ifndef KH_SOURCES_PROGRAM_H
#define KH_SOURCES_PROGRAM_H

#include <stdbool.h>

#include "core/base/str.h"
#include "core/config.h"

struct kh_program {
	const char *name;        /* "kernel": of the stage and the section */
	const char *title;       /* "linux": for people and for upstream's files */
	const char *deb_package; /* source package */
	const char *rpm_package;
	/* Upstream's places, NULL-terminated. In a place %s stands for the series ("v6.x"). */
	const char *const *upstream;
	const char *const
		*subdirs;      /* where a mirror may have the archives; "" is the place itself */
	const char *signature; /* how the signature's name ends, where the archive has .tar.xz */
	bool signs_tar;        /* the signature is over the uncompressed tar */
	const char *mark;      /* a file that only the top of its tree has */
};

extern const struct kh_program kh_programs[]; /* kernel, qemu, libvirt */
enum { KH_PROGRAM_COUNT = 3 };

const struct kh_program *kh_program_find(const char *name); /* NULL: no such program */
/* "linux-6.1.176.tar.xz"; owned. */
char *kh_program_archive(const struct kh_program *program, const char *version);
char *kh_program_signature(const struct kh_program *program, const char *version);
/* A subdirectory or URL with its series filled in: "v6.x" for 6.1.176; owned. */
char *kh_program_place(const char *pattern, const char *version);
/* BASE/NAME with what a URL cannot have in a name percent-encoded; owned. Source: RFC 3986, 2.3. */
char *kh_program_url(const char *base, const char *name);

#endif
