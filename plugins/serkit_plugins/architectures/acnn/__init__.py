"""3-D and 2-D CNN with attention of M. Chen (University of Rochester, undated poster)."""
