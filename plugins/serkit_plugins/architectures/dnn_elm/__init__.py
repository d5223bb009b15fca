"""DNN-ELM of Han, Yu and Tashev (Interspeech 2014), as Chen et al. (IEEE SPL 25(10), 2018) compare with it."""
