"""NASA's files as published: what each must hold, and where they can be had."""

from dataclasses import dataclass

ADDRESSES = (
    "https://phm-datasets.s3.amazonaws.com/NASA/6.+Turbofan+Engine+Degradation+Simulation+Data+Set.zip",
    "https://zenodo.org/records/15346912/files/CMAPSSData.zip?download=1",
)
"""The publishers' archives; the first is an archive within an archive. They differ, their twelve files do not."""

SUBSETS = ("FD001", "FD002", "FD003", "FD004")


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One of NASA's files.

    Attributes:
        sha256: Of the original bytes; None where it is not known, then the shape is checked instead.
        engines: Number of engines in it. NASA's readme swaps those of FD004; these are the files' own.
    """

    name: str
    sha256: str | None
    engines: int


FILES = (
    PublishedFile("train_FD001.txt", "963b5e22825b34d8b21c69e1aeb4af3e647050eb672ee8834ba4b5d91d2de0f8", 100),
    PublishedFile("train_FD002.txt", "dac6c4dbc4e7c1bdeb5747da3d313d05c395bb99801b44a002b26a2ba13d788f", 260),
    PublishedFile("train_FD003.txt", "2abbe9968cc5e8eb091980f51b20f62bb4127336d3482cb52071d53bf23329e2", 100),
    PublishedFile("train_FD004.txt", "27ef6160b6a1dcb2613a88de9c239f763b223f02cdc41dc5cdedc5dc189b6218", 249),
    PublishedFile("test_FD001.txt", "3cda7109ce17bafb5443f2ac926cfcf88154b941b8c4cf95eb55d1ddd6f52851", 100),
    PublishedFile("test_FD002.txt", "de7b5bf7e998a985c378488480528b7c02cff1406a46740def362dda8d9b4e02", 259),
    PublishedFile("test_FD003.txt", "299babd63c8d987cef079c4a425429f33b3a34797d803bbe2ad48c29dbd0d790", 100),
    PublishedFile("test_FD004.txt", "1dc675fff0624bac10786927c6715b37d1297657137400d2b1a3138d777a3ba5", 248),
    PublishedFile("RUL_FD001.txt", "a19c8ec94931949d0485bdc35118206e9c81c4547b422efb9cf86f4ceddbceca", 100),
    PublishedFile("RUL_FD002.txt", None, 259),
    PublishedFile("RUL_FD003.txt", "df1e0566306b174a2de41c67a3e7a51877889598b78643fc3e5685259091b7cb", 100),
    PublishedFile("RUL_FD004.txt", None, 248),
)
