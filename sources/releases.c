/* releases.c - see releases.h.
 *
 * Source: the hash files of the Buildroot project (August 2026), there taken from kernel.org's
 * signed sha256sums.asc or checked with the release's signature; libvirt 12.8.0 and 11.3.0 from the
 * archives that Debian ships unmodified, with upstream's signature good.
 */
#include "sources/releases.h"

#include <string.h>

/* clang-format off */
const struct kh_release kh_releases[] = {
	{"kernel", "7.1.9", "3271a4ae3897b38352980f2b0975bae61bca81c644d186221c5ae928bcc072b0"},
	{"kernel", "6.18.45", "30fa4a56579ca614ac125a12614f7f6466f87ab1278aef7b951dd74156deab33"},
	{"kernel", "6.12.104", "949d166a1263bd0cf0c5aab44eeb57869615099e7c48bf88d0e4adb77379b999"},
	{"kernel", "6.6.152", "778b058c63da849d0b74006b23509255b2bed57c62a5151e9dd7a62e2cdd70d6"},
	{"kernel", "6.1.183", "362d07fe4938c415ce651aefee063a5c4151109b39c97be039bbaa8312ffc0e2"},
	{"kernel", "5.15.216", "09affb2005aea3f44eec3f3eab4c1944e00707355ea7ca7fa2ba6b34a82605ed"},
	{"kernel", "5.10.265", "d10cb9169e49da3d5f7154a01e450012486565fa9442e23d660b0581a3f92645"},
	{"kernel", "4.19.325", "607bed7de5cda31a443df4c8a78dbe5e8a9ad31afde2a4d28fe99ab4730e8de1"},
	{"qemu", "11.0.0", "c04ca36012653f32d11c674d370cf52a710e7d3f18c2d8b63e4932052a4854d6"},
	{"qemu", "8.0.2", "f060abd435fbe6794125e2c398568ffc3cfa540042596907a8b18edca34cf6a5"},
	{"libvirt", "12.8.0", "0cd46a8f3a2b9b63c35c6e6f42a6c2989183ef3b3d1499ee92b4876db35e6fe9"},
	{"libvirt", "11.3.0", "6bcb0c42c4580436fea262ced56f68a6afe20f7390b1bea2116718cc034a0283"},
	{"libvirt", "7.10.0", "cb318014af097327928c6e3d72922e3be02a3e6401247b2aa52d9ab8e0b480f9"},
};
/* clang-format on */
const size_t kh_release_count = sizeof(kh_releases) / sizeof(kh_releases[0]);

const struct kh_release *kh_release_find(const char *program, const char *version)
{
	for (size_t i = 0; i < kh_release_count; i++)
		if (strcmp(kh_releases[i].program, program) == 0 &&
		    strcmp(kh_releases[i].version, version) == 0)
			return &kh_releases[i];
	return NULL;
}
