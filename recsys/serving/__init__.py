"""A trained model that answers: `Recommender`, its results, histories, quotes and exports."""
